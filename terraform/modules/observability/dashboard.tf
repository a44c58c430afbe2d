# One dashboard that follows an event from the client to the function, hop by hop.

data "aws_partition" "current" {}

# The region's name: of aws_region, `name` and `id` are deprecated in provider 6, and `region` is not there in 5.
data "aws_service" "cloudwatch" {
  service_id = "monitoring"
}

locals {
  # Each metric as the dashboard wants it: namespace, name, then dimensions as a flat list.
  charts = [
    {
      title = "Gateway: connections and messages"
      stat  = "Sum"
      metrics = [for metric in ["ConnectCount", "MessageCount", "IntegrationError", "ClientError", "ExecutionError"] :
        ["AWS/ApiGateway", metric, "ApiId", var.api.id, "Stage", var.api.stage]
      ]
    },
    {
      title   = "Gateway: time to put an event into the stream (ms)"
      stat    = "p99"
      metrics = [["AWS/ApiGateway", "IntegrationLatency", "ApiId", var.api.id, "Stage", var.api.stage]]
    },
    {
      title = "Stream: records taken and refused"
      stat  = "Sum"
      metrics = [for metric in ["IncomingRecords", "WriteProvisionedThroughputExceeded"] :
        ["AWS/Kinesis", metric, "StreamName", var.stream_name]
      ]
    },
    {
      title   = "Functions: age of the last record read (ms)"
      stat    = "Maximum"
      metrics = [for function in values(var.functions) : ["AWS/Lambda", "IteratorAge", "FunctionName", function.name]]
    },
    {
      title = "Functions: invocations, errors and throttles"
      stat  = "Sum"
      metrics = flatten([for function in values(var.functions) : [for metric in ["Invocations", "Errors", "Throttles"] :
        { line = ["AWS/Lambda", metric, "FunctionName", function.name] }
      ]])[*].line
    },
    {
      title   = "Functions: duration (ms)"
      stat    = "p99"
      metrics = [for function in values(var.functions) : ["AWS/Lambda", "Duration", "FunctionName", function.name]]
    },
    {
      title   = "Dead-letter queues: records that wait"
      stat    = "Maximum"
      metrics = [for function in values(var.functions) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", function.dead_letter_queue_name]]
    },
  ]

  # CloudWatch refuses a chart without metrics, which is what a stack without functions would have.
  widgets = [for index, chart in [for chart in local.charts : chart if length(chart.metrics) > 0] : {
    type   = "metric"
    x      = 12 * (index % 2)
    y      = 6 * floor(index / 2)
    width  = 12
    height = 6
    properties = {
      title   = chart.title
      region  = data.aws_service.cloudwatch.region
      view    = "timeSeries"
      stat    = chart.stat
      period  = local.period_seconds
      metrics = chart.metrics
    }
  }]

  console_domain = lookup({ aws-cn = "amazonaws.cn", aws-us-gov = "amazonaws-us-gov.com" }, data.aws_partition.current.partition, "aws.amazon.com")
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = coalesce(var.dashboard_name, var.name)
  dashboard_body = jsonencode({ widgets = local.widgets })
}
