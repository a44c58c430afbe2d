# The half of the stack that the open LocalStack can run: the stream and the functions, by the modules of terraform/ as
# they are. LocalStack has no WebSocket APIs without a licence, so an emulator's API, which is made elsewhere, stands in
# for the gateway module.

locals {
  name = "half"

  # Every function's; `functions` below says what else it has.
  settings = {
    memory_mb            = 128
    timeout_seconds      = 30
    routes               = []
    lifecycle_events     = []
    connection_actions   = ["POST"]
    reserved_concurrency = -1
    log_level            = "INFO"
    log_retention_days   = 14
    batch_size           = var.batch_size
    # LocalStack polls once a second; a window would only add to that.
    batching_window_seconds    = 0
    parallelization_factor     = 1
    bisect_on_error            = true
    maximum_retry_attempts     = 10
    maximum_record_age_seconds = -1
    starting_position          = "TRIM_HORIZON"
    enabled                    = true
    # LocalStack sets AWS_ENDPOINT_URL, where it would serve @connections itself if it could; this one goes first.
    environment = { AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI = var.api.connections_endpoint }
  }

  functions = {
    # Sees every event.
    echo = { package = "echo" }
    # Sees one route's alone.
    relay = { package = "relay", routes = ["relay"] }
    # Dies of whatever it sees, until its code is another.
    broken = { package = var.broken_package, routes = ["broken"], maximum_retry_attempts = 1 }
  }
}

module "stream" {
  source = "../../../terraform/modules/stream"

  name = "${local.name}-events"
}

module "function" {
  source   = "../../../terraform/modules/function"
  for_each = local.functions

  name                   = "${local.name}-${each.key}"
  dead_letter_queue_name = "${local.name}-${each.key}-dlq"
  bundle                 = var.bundle
  package                = each.value.package
  architecture           = var.architecture
  stream                 = module.stream
  api                    = var.api
  settings               = merge(local.settings, each.value)
}
