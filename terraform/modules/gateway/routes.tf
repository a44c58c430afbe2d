# The routes, the models that guard them, and which of them answer.

locals {
  # Only a route with a route response answers; AWS asks for one on $connect, and none is possible on $disconnect.
  two_way_routes = toset(concat(["$connect"], var.acknowledgements ? tolist(local.message_routes) : []))
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:the API is public, as in the reference architecture, unless authorization is set; it stands on $connect, where AWS allows it.
  for_each = local.routes

  api_id                              = aws_apigatewayv2_api.this.id
  route_key                           = each.key
  authorization_type                  = each.value.authorization
  authorizer_id                       = one([for authorizer in aws_apigatewayv2_authorizer.this : authorizer.id if each.value.authorization == "CUSTOM"])
  target                              = "integrations/${aws_apigatewayv2_integration.this[each.value.integration].id}"
  model_selection_expression          = each.value.model == null ? null : local.label
  request_models                      = each.value.model == null ? null : { (local.label) = aws_apigatewayv2_model.this[each.value.model].name }
  route_response_selection_expression = each.value.response
}

resource "aws_apigatewayv2_route_response" "this" {
  for_each = local.two_way_routes

  api_id             = aws_apigatewayv2_api.this.id
  route_id           = aws_apigatewayv2_route.this[each.key].id
  route_response_key = local.whole_response
}

resource "aws_apigatewayv2_model" "this" {
  for_each = local.models

  api_id       = aws_apigatewayv2_api.this.id
  name         = each.key
  content_type = local.model_content_type
  schema       = each.value

  # A route must let go of a model before it may be deleted.
  lifecycle {
    create_before_destroy = true
  }
}
