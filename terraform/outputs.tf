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

output "dead_letter_queue_urls" {
  description = "URL of each function's dead-letter queue by the function's key."
  value       = { for key, function in module.function : key => function.dead_letter_queue_url }
}

output "dashboard_url" {
  description = "Address of the dashboard in the console."
  value       = module.observability.dashboard_url
}
