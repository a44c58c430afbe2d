# Region, credentials and endpoint come from the environment, as for the stacks.

provider "aws" {
  allowed_account_ids = length(var.allowed_account_ids) == 0 ? null : var.allowed_account_ids
}
