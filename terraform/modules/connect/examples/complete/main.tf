# The same with CONNECT events in a stream, customer keys, a role of another name and tags.

variable "bundle" {
  description = "Folder with the function's zip."
  type        = string
}

module "connect" {
  source = "../.."

  name         = "orders-connect"
  role_name    = "orders-connect-euw1"
  bundle       = var.bundle
  architecture = "x86_64"
  logs_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777"
  log_level    = "WARN"
  tags         = { team = "orders" }

  stream = {
    name             = "orders-events"
    arn              = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders-events"
    customer_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
}

output "connect" {
  value = module.connect
}
