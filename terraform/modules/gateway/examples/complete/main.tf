# An API with routes, schemas, acknowledgements, an authorizer, logs and a domain of its own. The account's role for logs
# (terraform/account) must be there.

module "gateway" {
  source = "../.."

  name             = "orders"
  role_name        = "orders-euw1-integration"
  stage            = "v1"
  routes           = ["order", "cancel"]
  lifecycle_events = ["CONNECT", "DISCONNECT"]
  route_schemas    = { order = jsonencode({ type = "object", required = ["item"] }) }
  acknowledgements = true
  throttling       = { rate_limit = 2000, burst_limit = 1000 }
  route_throttling = { cancel = { rate_limit = 50, burst_limit = 20 } }

  stream = {
    name             = "orders-events"
    arn              = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders-events"
    customer_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  # What the module authorizer gives out, and where the token is.
  authorizer = {
    name             = "orders-authorizer"
    invoke_arn       = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:orders-authorizer/invocations"
    identity_sources = ["route.request.querystring.token"]
  }

  logging            = "existing_role"
  data_trace         = false
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777"

  domain = {
    name            = "ws.example.com"
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/44444444-5555-6666-7777-888888888888"
    mapping_key     = "orders"
    hosted_zone_id  = "Z0123456789ABCDEFGHIJ"
  }

  tags = { team = "orders" }
}

output "websocket_uri" {
  value = module.gateway.websocket_uri
}
