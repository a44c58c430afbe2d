# Region, credentials and endpoint come from the environment (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL):
# they are all that differs between the targets.

provider "aws" {
  allowed_account_ids = length(var.allowed_account_ids) == 0 ? null : var.allowed_account_ids

  default_tags {
    tags = merge({ application = var.name }, var.tags)
  }
}
