# The stack: one gateway, one stream, and a function with its own consumer for each key of `functions`; where they
# are asked for, a function that decides who may connect, and one that answers a handshake with a subprotocol.

locals {
  # Routes and lifecycle events exist where a function asks for them.
  routes           = distinct(flatten([for function in values(var.functions) : function.routes]))
  lifecycle_events = distinct(flatten([for function in values(var.functions) : function.lifecycle_events]))

  # IAM's roles and CloudWatch's dashboards are the account's and not a region's: their names carry the region, so that
  # stacks of one name can stand in several. A role's name has 64 characters, hence the short form: eu-west-1 is euw1.
  directions  = { north = "n", south = "s", east = "e", west = "w", central = "c", northeast = "ne", northwest = "nw", southeast = "se", southwest = "sw" }
  region      = data.aws_service.kinesis.region
  region_code = join("", [for part in split("-", local.region) : lookup(local.directions, part, part)])

  # Named here, so that alarms and dashboard need not wait for the functions themselves.
  names = { for key in keys(var.functions) : key => {
    name                   = "${var.name}-${key}"
    dead_letter_queue_name = "${var.name}-${key}-dlq"
  } }

  iam = { path = var.iam_path, permissions_boundary = var.permissions_boundary }
}

module "stream" {
  source = "./modules/stream"

  name            = "${var.name}-events"
  mode            = var.stream.mode
  shard_count     = var.stream.shard_count
  retention_hours = var.stream.retention_hours
  kms_key_arn     = var.stream.kms_key_arn
}

module "authorizer" {
  source = "./modules/authorizer"
  count  = var.authorizer == null ? 0 : 1

  name         = "${var.name}-authorizer"
  role_name    = "${var.name}-authorizer-${local.region_code}"
  bundle       = var.bundle
  architecture = var.architecture
  settings     = var.authorizer
  logs_key_arn = var.kms_key_arns.logs
  iam          = local.iam
}

module "connect" {
  source = "./modules/connect"
  count  = try(var.authorizer.token_from, null) == "subprotocol" ? 1 : 0

  name               = "${var.name}-connect"
  role_name          = "${var.name}-connect-${local.region_code}"
  bundle             = var.bundle
  architecture       = var.architecture
  stream             = contains(local.lifecycle_events, "CONNECT") ? module.stream : null
  log_level          = var.authorizer.log_level
  log_retention_days = var.authorizer.log_retention_days
  logs_key_arn       = var.kms_key_arns.logs
  iam                = local.iam
}

module "gateway" {
  source = "./modules/gateway"

  name               = var.name
  role_name          = "${var.name}-${local.region_code}-integration"
  stage              = var.stage
  stream             = module.stream
  routes             = local.routes
  lifecycle_events   = local.lifecycle_events
  route_schemas      = var.route_schemas
  acknowledgements   = var.acknowledgements
  authorization      = var.authorization
  authorizer         = one(module.authorizer)
  connect_function   = one(module.connect)
  throttling         = var.throttling
  route_throttling   = var.route_throttling
  logging            = var.logging
  data_trace         = var.data_trace
  log_retention_days = var.access_log_retention_days
  logs_key_arn       = var.kms_key_arns.logs
  domain             = var.domain
  iam                = local.iam

  # The functions are made from the API and not from its stage, so that this is no circle.
  after = [for function in module.function : function.mapping_id]
}

module "function" {
  source   = "./modules/function"
  for_each = var.functions

  name                   = local.names[each.key].name
  role_name              = "${local.names[each.key].name}-${local.region_code}"
  dead_letter_queue_name = local.names[each.key].dead_letter_queue_name
  bundle                 = var.bundle
  package                = each.key
  architecture           = var.architecture
  stream                 = module.stream
  api                    = module.gateway.api
  settings               = each.value
  queue_key_arn          = var.kms_key_arns.queues
  logs_key_arn           = var.kms_key_arns.logs
  iam                    = local.iam
  pinned_version         = lookup(var.pinned_versions, each.key, null)
  mapping_metrics        = var.mapping_metrics
}

module "observability" {
  source = "./modules/observability"

  name                       = var.name
  dashboard_name             = "${var.name}-${local.region}"
  api                        = module.gateway.api
  stream_name                = module.stream.name
  functions                  = local.names
  alarm_topic_arns           = var.alarm_topic_arns
  iterator_age_alarm_seconds = var.iterator_age_alarm_seconds
  retention_hours            = var.stream.retention_hours
  thresholds                 = var.alarm_thresholds
  mapping_metrics            = var.mapping_metrics
  mapping_ids                = { for key, function in module.function : key => function.mapping_id }
  runbooks                   = var.runbooks
}
