# The optional custom domain and its mapping to the stage.

resource "aws_apigatewayv2_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  domain_name = var.domain.name

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL" # the only kind that serves WebSocket APIs
    security_policy = "TLS_1_2"
  }

  tags = var.tags
}

resource "aws_apigatewayv2_api_mapping" "this" {
  count = var.domain == null ? 0 : 1

  api_id          = aws_apigatewayv2_api.this.id
  domain_name     = aws_apigatewayv2_domain_name.this[0].id
  stage           = aws_apigatewayv2_stage.this.id
  api_mapping_key = var.domain.mapping_key == "" ? null : var.domain.mapping_key

  # A renamed stage is a new one, and AWS does not delete a stage that a mapping points at. So the mapping goes first.
  # The stage cannot be created before the old one is destroyed: Terraform would then do the same with all that it
  # depends on, and there is only room for one event source mapping, consumer and role of a name.
  lifecycle {
    replace_triggered_by = [aws_apigatewayv2_stage.this.name]
  }
}

resource "aws_route53_record" "this" {
  count = try(var.domain.hosted_zone_id, null) == null ? 0 : 1

  zone_id = var.domain.hosted_zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
