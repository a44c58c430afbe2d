# What the API serves, as plain values: resources are made from them, and the deployment hashes them.

locals {
  route_selection_expression = "$request.body.action"
  service_uri                = "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_region.current.name}:kinesis:action/PutRecord"
  integration_timeout_ms     = 29000 # the longest that AWS grants a WebSocket API

  templates = {
    for event in ["message", "connect", "disconnect"] :
    event => templatefile("${path.module}/templates/${event}.vtl", { stream_name = var.stream.name })
  }

  connect_to_stream    = contains(var.lifecycle_events, "CONNECT")
  disconnect_to_stream = contains(var.lifecycle_events, "DISCONNECT")

  integrations = merge(
    { message = { type = "AWS", template = local.templates.message } },
    { connect = local.connect_to_stream ? { type = "AWS", template = local.templates.connect } : { type = "MOCK", template = jsonencode({ statusCode = 200 }) } },
    local.disconnect_to_stream ? { disconnect = { type = "AWS", template = local.templates.disconnect } } : {},
  )

  message_routes = toset(concat(["$default"], var.routes))

  # Route key to integration, to the model that a message's body must match, and whether the authorizer is asked.
  routes = merge(
    { for key in local.message_routes : key => { integration = "message", model = local.model_names[key], authorized = false } },
    { "$connect" = { integration = "connect", model = null, authorized = var.authorizer != null } },
    local.disconnect_to_stream ? { "$disconnect" = { integration = "disconnect", model = null, authorized = false } } : {},
  )

  # A model's name is alphanumeric and a route key need not be: the hash keeps "a-b" and "ab" apart.
  any_json = "AnyJson"
  model_names = {
    for key in local.message_routes :
    key => contains(keys(var.route_schemas), key) ? "Route${substr(sha1(key), 0, 12)}" : local.any_json
  }
  models = merge(
    { (local.any_json) = "{}" },
    { for key, schema in var.route_schemas : local.model_names[key] => jsonencode(jsondecode(schema)) },
  )

  served = {
    route_selection_expression = local.route_selection_expression
    integrations               = local.integrations
    integration_responses      = local.integration_responses
    integration_timeout_ms     = local.integration_timeout_ms
    integration_role           = local.integration_role_name
    service_uri                = local.service_uri
    routes                     = local.routes
    route_responses            = local.two_way_routes
    models                     = local.models
    authorizer                 = var.authorizer == null ? null : { name = var.authorizer.name, identity_sources = var.authorizer.identity_sources }
  }

  configuration_hash = sha1(jsonencode(local.served))
}
