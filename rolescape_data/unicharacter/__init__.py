"""UniCharacter's formats (arXiv 2605.08129): names of files, words on the wire, rows; importer and exporter share them."""
