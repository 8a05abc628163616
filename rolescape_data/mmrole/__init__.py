"""MMRole's wire format (arXiv 2408.04203): names, ids and prompts as its files, trainer and evaluation hold them."""
