# Who may connect. Not an error, since a public API is what the reference architecture has: a warning at plan and deploy.

check "authorization" {
  assert {
    condition     = module.gateway.authorization != "NONE" || var.public
    error_message = "everybody may connect to ${var.name}: set authorizer, authorization = \"AWS_IAM\", or public = true where that is meant."
  }
}
