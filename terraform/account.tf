# Reads API Gateway's account-wide settings while planning, so that logs without the role they need are refused
# there. Only a root module may import; why it is an import, modules/gateway/logs.tf says.

import {
  for_each = var.logging == "existing_role" ? toset(["api-gateway-account"]) : toset([])
  to       = module.gateway.aws_api_gateway_account.existing[0]
  id       = each.value
}
