variable "api" {
  description = "The API to answer through: what the gateway module's output `api` has."
  type = object({
    id                   = string
    stage                = string
    stage_execution_arn  = string
    connections_endpoint = string
  })
}

variable "bundle" {
  description = "Folder that holds the zips of the functions."
  type        = string
}

variable "architecture" {
  description = "CPU architecture of the functions."
  type        = string
}

variable "batch_size" {
  description = "Records of a batch, at most."
  type        = number
  default     = 16
}

variable "broken_package" {
  description = "Package of the function `broken`."
  type        = string
  default     = "scripted"
}
