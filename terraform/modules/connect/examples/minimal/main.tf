# A function that answers handshakes and puts nothing into a stream.

variable "bundle" {
  description = "Folder with the function's zip."
  type        = string
}

module "connect" {
  source = "../.."

  name         = "orders-connect"
  bundle       = var.bundle
  architecture = "x86_64"
}
