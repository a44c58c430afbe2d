# The same with an environment, a customer key for its logs, a role of another name and tags.

variable "bundle" {
  description = "Folder with the function's zip."
  type        = string
}

module "authorizer" {
  source = "../.."

  name         = "orders-authorizer"
  role_name    = "orders-authorizer-euw1"
  bundle       = var.bundle
  architecture = "x86_64"
  logs_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777"
  tags         = { team = "orders" }

  settings = {
    function           = "echo"
    memory_mb          = 256
    timeout_seconds    = 10
    environment        = { ISSUER = "https://example.com" }
    log_level          = "WARN"
    log_retention_days = 30
  }
}

output "authorizer" {
  value = module.authorizer
}
