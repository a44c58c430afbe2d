output "stream_name" {
  description = "Name of the stream."
  value       = module.stream.name
}

output "function_names" {
  description = "Name of each function by its key."
  value       = { for key, function in module.function : key => function.name }
}
