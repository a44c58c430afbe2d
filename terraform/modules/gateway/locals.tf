# What the API serves, as plain values. Resources take their arguments from here and have no constants of their own,
# and the deployment hashes all of it: what an upgrade of the module changes is deployed like any other change.

locals {
  route_selection_expression = "$request.body.action"
  service_uri                = "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_service.kinesis.region}:kinesis:action/PutRecord"
  label                      = "default" # of the one template or model that each part has
  whole_response             = "$default"

  templates = {
    for event in ["message", "connect", "disconnect"] :
    event => templatefile("${path.module}/templates/${event}.vtl", { stream_name = var.stream.name })
  }

  connect_to_stream    = contains(var.lifecycle_events, "CONNECT") && var.connect_function == null
  disconnect_to_stream = contains(var.lifecycle_events, "DISCONNECT")

  stream_integrations = merge(
    { message = local.templates.message },
    local.connect_to_stream ? { connect = local.templates.connect } : {},
    local.disconnect_to_stream ? { disconnect = local.templates.disconnect } : {},
  )

  integrations = merge(
    { for key, template in local.stream_integrations : key => {
      type        = "AWS"
      method      = "POST"
      uri         = local.service_uri
      function    = null
      role        = "${trimprefix(var.iam.path, "/")}${local.integration_role_name}"
      template    = template
      timeout_ms  = 29000   # the longest that AWS grants a WebSocket API
      passthrough = "NEVER" # anything else would pass a client's own JSON to Kinesis as the PutRecord request
    } },
    # The deployment hashes the function's name: the ARN that it is invoked by is known only after apply.
    var.connect_function == null ? {} : { connect = {
      type        = "AWS_PROXY"
      method      = "POST"
      uri         = null
      function    = var.connect_function.name
      role        = null
      template    = null
      timeout_ms  = 29000
      passthrough = "WHEN_NO_MATCH" # a proxy has no templates
    } },
    local.connect_to_stream || var.connect_function != null ? {} : { connect = {
      type        = "MOCK"
      method      = null
      uri         = null
      function    = null
      role        = null
      template    = jsonencode({ statusCode = 200 })
      timeout_ms  = 29000
      passthrough = "NEVER"
    } },
  )

  message_routes = toset(concat(["$default"], var.routes))

  # Route key to integration, to the model that a message's body must match, to who may use it, and to its response
  # selection expression. Message routes have none, with acknowledgements or without: AWS needs none, and when the
  # argument is taken away, the provider sends an empty text, which AWS refuses.
  routes = merge(
    { for key in local.message_routes : key => { integration = "message", model = local.model_names[key], authorization = "NONE", response = null } },
    { "$connect" = { integration = "connect", model = null, authorization = local.authorization, response = local.whole_response } },
    local.disconnect_to_stream ? { "$disconnect" = { integration = "disconnect", model = null, authorization = "NONE", response = null } } : {},
  )

  # A model's name is alphanumeric and a route key need not be: the hash keeps "a-b" and "ab" apart.
  any_json = "AnyJson"
  model_names = {
    for key in local.message_routes :
    key => contains(keys(var.route_schemas), key) ? "Route${substr(sha1(key), 0, 12)}" : local.any_json
  }
  model_content_type = "application/json"
  models = merge(
    { (local.any_json) = "{}" },
    { for key, schema in var.route_schemas : local.model_names[key] => jsonencode(jsondecode(schema)) },
  )

  authorization            = coalesce(var.authorization, var.authorizer == null ? "NONE" : "CUSTOM")
  authorizer_type          = "REQUEST"
  disable_default_endpoint = try(var.domain.disable_default_endpoint, false)

  served = {
    route_selection_expression = local.route_selection_expression
    disable_default_endpoint   = local.disable_default_endpoint
    label                      = local.label
    integrations               = local.integrations
    integration_responses      = local.integration_responses
    routes                     = local.routes
    route_responses            = { for key in local.two_way_routes : key => local.whole_response }
    models                     = local.models
    model_content_type         = local.model_content_type
    authorizer                 = var.authorizer == null ? null : { name = var.authorizer.name, identity_sources = var.authorizer.identity_sources, type = local.authorizer_type }
  }

  configuration_hash = sha1(jsonencode(local.served))
}
