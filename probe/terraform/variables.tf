# Everything below `package` is written by the program, from its list of questions.

variable "prefix" {
  description = "What every name begins with."
  type        = string
  default     = "sluicegate-probe"
}

variable "architecture" {
  description = "CPU of the functions. They are a shell script, so that either will do on AWS."
  type        = string
  default     = "x86_64"
}

variable "package" {
  description = "The functions' zip."
  type        = string
}

variable "records" {
  description = "By question: the lines of a mapping template that set $data, which is put into the stream."
  type        = map(string)
}

variable "raw" {
  description = "The same for messages that are no JSON and so reach $default alone. A stage for each tells which is asked."
  type        = map(string)
}

variable "language" {
  description = "By question: the key of an integration response, and its template, which a client gets to see."
  type = map(object({
    key      = string
    template = string
  }))
}

variable "lambda_integration" {
  description = "Whether to ask what a slow integration does, by a function behind a route: the emulator refuses one."
  type        = bool
}
