"""Pictures: decoding, perceptual hashes, near-duplicates."""
