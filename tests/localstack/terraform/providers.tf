provider "aws" {
  # Tags of the stack's own, which must be read back as they were set.
  default_tags {
    tags = { application = "half" }
  }
}
