# A public API whose messages all go to one stream by the route $default.

module "gateway" {
  source = "../.."

  name       = "orders"
  stage      = "v1"
  throttling = { rate_limit = 500, burst_limit = 500 }

  # What the module stream gives out.
  stream = { name = "orders-events", arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders-events" }
}

output "websocket_uri" {
  value = module.gateway.websocket_uri
}
