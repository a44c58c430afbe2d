# Region, credentials and endpoint come from the environment (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL):
# they are all that differs between the targets.

provider "aws" {
  default_tags {
    tags = merge({ application = var.name }, var.tags)
  }
}
