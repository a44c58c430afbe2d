# A function that decides who may connect, with the root's defaults.

variable "bundle" {
  description = "Folder with the function's zip."
  type        = string
}

module "authorizer" {
  source = "../.."

  name         = "orders-authorizer"
  bundle       = var.bundle
  architecture = "x86_64"

  settings = {
    function           = "echo"
    memory_mb          = 128
    timeout_seconds    = 5
    environment        = {}
    log_level          = "INFO"
    log_retention_days = 14
  }
}
