# What is watched: one entry for each alarm, and the same metrics on the dashboard.

locals {
  period_seconds = 60

  stage_dimensions  = { ApiId = var.api.id, Stage = var.api.stage }
  stream_dimensions = { StreamName = var.stream_name }

  # The client hears nothing of either where acknowledgements are off: these alarms are how losses are seen.
  shared_alarms = {
    integration-errors = {
      description = "The gateway could not put events into the stream: see its role and the stream's limits."
      namespace   = "AWS/ApiGateway"
      metric      = "IntegrationError"
      dimensions  = local.stage_dimensions
      statistic   = "Sum"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
    }
    write-throttles = {
      description = "The stream refused records: add shards, or lower the stage's rate limit."
      namespace   = "AWS/Kinesis"
      metric      = "WriteProvisionedThroughputExceeded"
      dimensions  = local.stream_dimensions
      statistic   = "Sum"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
    }
  }

  function_alarms = merge([
    for key, function in var.functions : {
      "${key}-iterator-age" = {
        description = "${function.name} falls behind the stream: raise parallelization_factor, batch_size or the shards."
        namespace   = "AWS/Lambda"
        metric      = "IteratorAge"
        dimensions  = { FunctionName = function.name }
        statistic   = "Maximum"
        comparison  = "GreaterThanOrEqualToThreshold"
        threshold   = var.iterator_age_alarm_seconds * 1000 # the metric is in milliseconds
      }
      "${key}-dlq" = {
        description = "${function.name} gave up on records: they wait in ${function.dead_letter_queue_name}."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = function.dead_letter_queue_name }
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
      }
      # Of two ways to lose a record for good: the queue takes it neither from the function nor from its mapping.
      "${key}-dead-letter-failures" = {
        description = "${function.name} cannot put records into ${function.dead_letter_queue_name}: see the queue, its policy and the function's log. They are lost once the stream has them no more."
        namespace   = "Sluicegate"
        metric      = "DeadLetterFailures"
        dimensions  = { FunctionName = function.name }
        statistic   = "Sum"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
      }
      "${key}-destination-failures" = {
        description = "The event source mapping of ${function.name} cannot report records to ${function.dead_letter_queue_name}: see the queue and the function's role. They are lost once the stream has them no more."
        namespace   = "AWS/Lambda"
        metric      = "DestinationDeliveryFailures"
        dimensions  = { FunctionName = function.name }
        statistic   = "Sum"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
      }
      "${key}-errors" = {
        description = "${function.name} crashed or ran out of time: see its log."
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = { FunctionName = function.name }
        statistic   = "Sum"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
      }
      "${key}-throttles" = {
        description = "${function.name} was not given the concurrency it needs: raise the reservation or the account's limit."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        dimensions  = { FunctionName = function.name }
        statistic   = "Sum"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
      }
    }
  ]...)

  alarms = merge(local.shared_alarms, local.function_alarms)
}
