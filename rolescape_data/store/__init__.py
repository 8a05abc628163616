"""The workspace on disk: tables, blobs, inputs, stamps."""
