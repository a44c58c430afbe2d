# The WebSocket API, its stage, and the deployment that the stage serves.

data "aws_partition" "current" {}

# The region's name: of aws_region, `name` and `id` are deprecated in provider 6, and `region` is not there in 5.
data "aws_service" "kinesis" {
  service_id = "kinesis"
}

resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  protocol_type                = "WEBSOCKET"
  route_selection_expression   = local.route_selection_expression
  disable_execute_api_endpoint = local.disable_default_endpoint

  tags = var.tags
}

resource "aws_apigatewayv2_deployment" "this" {
  api_id = aws_apigatewayv2_api.this.id

  # A deployment is a snapshot. It is taken anew when a value that it serves changes, and only then. The hash
  # covers configuration values: hashing a resource, some of whose attributes are known only after apply,
  # makes an update fail with "provider produced inconsistent final plan".
  triggers = {
    configuration = local.configuration_hash
  }

  # The snapshot must see every part in its new state.
  depends_on = [
    aws_apigatewayv2_authorizer.this,
    aws_apigatewayv2_route.this,
    aws_apigatewayv2_route_response.this,
    aws_apigatewayv2_integration.this,
    aws_apigatewayv2_integration_response.this,
    aws_apigatewayv2_model.this,
  ]

  # A deployment that a stage points at cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_stage" "this" {
  #checkov:skip=CKV_AWS_76:access logs need an account-wide role, so they are the caller's choice (logging).
  #checkov:skip=CKV2_AWS_51:the gateway presents a client certificate to HTTP backends, and this API has none.
  api_id        = aws_apigatewayv2_api.this.id
  name          = var.stage
  deployment_id = aws_apigatewayv2_deployment.this.id

  default_route_settings {
    throttling_rate_limit    = var.throttling.rate_limit
    throttling_burst_limit   = var.throttling.burst_limit
    logging_level            = local.logging ? "INFO" : "OFF"
    data_trace_enabled       = var.data_trace
    detailed_metrics_enabled = false
  }

  dynamic "route_settings" {
    for_each = var.route_throttling
    content {
      route_key                = route_settings.key
      throttling_rate_limit    = route_settings.value.rate_limit
      throttling_burst_limit   = route_settings.value.burst_limit
      logging_level            = local.logging ? "INFO" : "OFF"
      data_trace_enabled       = var.data_trace
      detailed_metrics_enabled = false
    }
  }

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.access
    content {
      destination_arn = access_log_settings.value.arn
      format          = local.access_log_format
    }
  }

  # The role must be allowed to put records before a client is let in, and a replaced one until the stage has the next
  # deployment.
  depends_on = [
    aws_cloudwatch_log_group.execution,
    aws_iam_role_policy.integration,
    var.after,
  ]

  tags = var.tags
}
