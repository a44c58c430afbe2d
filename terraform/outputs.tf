output "websocket_uri" {
  description = "URI that clients connect to."
  value       = module.gateway.websocket_uri
}

output "connections_endpoint" {
  description = "Endpoint of the `@connections` API, through which functions answer."
  value       = module.gateway.api.connections_endpoint
}

output "stream_name" {
  description = "Name of the stream."
  value       = module.stream.name
}

output "stream_arn" {
  description = "ARN of the stream."
  value       = module.stream.arn
}

output "function_names" {
  description = "Name of each function by its key."
  value       = { for key, function in module.function : key => function.name }
}

output "function_arns" {
  description = "ARN of each function by its key."
  value       = { for key, function in module.function : key => function.arn }
}

output "published_versions" {
  description = "Number of each function's newest published version by the function's key; the alias `current` leads to it, unless a rollback or `pinned_versions` says otherwise."
  value       = { for key, function in module.function : key => function.published_version }
}

output "role_names" {
  description = "Name of each function's role by the function's key."
  value       = { for key, function in module.function : key => function.role_name }
}

output "role_arns" {
  description = "ARN of each function's role by the function's key."
  value       = { for key, function in module.function : key => function.role_arn }
}

output "log_group_names" {
  description = "Name of each function's log group by the function's key."
  value       = { for key, function in module.function : key => function.log_group_name }
}

output "api_id" {
  description = "Id of the API."
  value       = module.gateway.api.id
}

output "dead_letter_queue_urls" {
  description = "URL of each function's dead-letter queue by the function's key."
  value       = { for key, function in module.function : key => function.dead_letter_queue_url }
}

output "dashboard_url" {
  description = "Address of the dashboard in the console."
  value       = module.observability.dashboard_url
}

output "alarm_arns" {
  description = "ARN of each alarm by its name without the stack's."
  value       = module.observability.alarm_arns
}

output "probed_routes" {
  description = "Route keys on which each function answers probe messages, by the function's name: those that it asks for, else `$default`. Functions that are off, or have probes off, are left out."
  value = {
    for key, function in var.functions :
    local.names[key].name => length(function.routes) == 0 ? ["$default"] : function.routes
    if function.enabled && function.reserved_concurrency != 0 && lookup(function.environment, "STREAM_FUNCTION_PROBES", "true") != "false"
  }
}

output "rate_limit" {
  description = "Requests per second that the stage admits."
  value       = var.throttling.rate_limit
}

output "authorization" {
  description = "Who may connect: `NONE` (everybody), `AWS_IAM` (who signs the handshake) or `CUSTOM` (whom the authorizer lets in)."
  value       = module.gateway.authorization
}

output "connect_arn" {
  description = "ARN on which IAM policies allow `execute-api:Invoke` to those who may connect, where `authorization` is `AWS_IAM`."
  value       = module.gateway.connect_arn
}

output "deletion_protection" {
  description = "Whether `sluicegate stack` refuses to delete or replace stream and queues."
  value       = var.deletion_protection
}

output "deployed_to" {
  description = "Where the stack is: `account_id`, `region`, `endpoint` and `name`. `sluicegate stack` refuses to plan for another place with the same state."
  value = {
    account_id = data.aws_caller_identity.current.account_id
    region     = data.aws_service.kinesis.region
    endpoint   = var.endpoint
    name       = var.name
  }
}
