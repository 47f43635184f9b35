"""From a dataset to a checkpoint: frames on disk, an encoder, its tokens, a policy."""
