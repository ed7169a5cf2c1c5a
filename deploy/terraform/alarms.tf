# What a person should know of.

locals {
  alarms = merge(
    {
      for name in keys(local.functions) : "${name}-errors" => {
        namespace  = "AWS/Lambda"
        metric     = "Errors"
        statistic  = "Sum"
        threshold  = 0
        dimensions = { FunctionName = aws_lambda_function.function[name].function_name }
      }
    },
    {
      for name in keys(local.functions) : "${name}-throttles" => {
        namespace  = "AWS/Lambda"
        metric     = "Throttles"
        statistic  = "Sum"
        threshold  = 100
        dimensions = { FunctionName = aws_lambda_function.function[name].function_name }
      }
    },
    {
      for name, queue in { jobs = aws_sqs_queue.dead_jobs, uploads = aws_sqs_queue.dead_uploads } : "${name}-given-up" => {
        namespace               = "AWS/SQS"
        metric                  = "ApproximateNumberOfMessagesVisible"
        statistic               = "Maximum"
        threshold               = 0
        dimensions              = { QueueName = queue.name }
      }
    },
    {
      jobs-wait = {
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        statistic  = "Maximum"
        threshold  = 1800
        dimensions = { QueueName = aws_sqs_queue.jobs.name }
      }
      uploads-wait = {
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        statistic  = "Maximum"
        threshold  = 3 * 3600
        dimensions = { QueueName = aws_sqs_queue.uploads.name }
      }
      clock-unheard = {
        namespace  = "AWS/Events"
        metric     = "FailedInvocations"
        statistic  = "Sum"
        threshold  = 0
        dimensions = { RuleName = aws_cloudwatch_event_rule.clock.name }
      }
      api-errors = {
        namespace  = "AWS/ApiGateway"
        metric     = "5XXError"
        statistic  = "Sum"
        threshold  = 0
        dimensions = { ApiName = aws_api_gateway_rest_api.api.name, Stage = aws_api_gateway_stage.api.stage_name }
      }
    },
  )
}

resource "aws_sns_topic" "alarms" {
  name = "${local.name}-alarms"
}

resource "aws_sns_topic_subscription" "alarms" {
  count     = var.alarm_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
