# Region, credentials and endpoint come from the environment, as for the stack's own configuration.

provider "aws" {
  default_tags {
    tags = { application = var.prefix }
  }
}
