# What calls the functions besides the API: two queues, of uploads and of jobs, where messages wait for 14 days, and the
# clock.
#
# Ten receives are ten failures, in nearly an hour. Nothing else uses them up: a message that finds 20 jobs open, its job
# held or its collection busy is put anew by the function (jobs/deliveries.py), and no more messages are taken than run at
# once. Where other functions use up what the account may run at once, a throttled message comes back when its visibility
# timeout ends: ten of them are 2 hours for an upload, 15 for a job.

resource "aws_sqs_queue" "uploads" {
  name                    = "${local.name}-uploads"
  sqs_managed_sse_enabled = true
  # Six times the function's timeout, as Lambda's guide asks. The function shortens it for what failed.
  visibility_timeout_seconds = 6 * local.stage.lambda_functions.on_uploads.lambda_timeout
  message_retention_seconds  = 14 * 24 * 3600
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_uploads.arn, maxReceiveCount = 10 })
}

resource "aws_sqs_queue" "jobs" {
  name                       = "${local.name}-jobs"
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = 6 * local.stage.lambda_functions.on_job.lambda_timeout
  message_retention_seconds  = 14 * 24 * 3600
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_jobs.arn, maxReceiveCount = 10 })
}

# What failed to the last. `aws sqs start-message-move-task` puts it back, once what failed is mended.
resource "aws_sqs_queue" "dead_uploads" {
  name                      = "${local.name}-dead-uploads"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 24 * 3600
}

resource "aws_sqs_queue" "dead_jobs" {
  name                      = "${local.name}-dead-jobs"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 24 * 3600
}

resource "aws_sqs_queue_policy" "uploads" {
  queue_url = aws_sqs_queue.uploads.id
  policy = templatefile("${path.module}/../policies/queue.json", {
    account = local.account
    queue   = aws_sqs_queue.uploads.arn
    bucket  = aws_s3_bucket.uploads.arn
  })
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = aws_s3_bucket.uploads.id
  queue {
    id        = "uploads"
    queue_arn = aws_sqs_queue.uploads.arn
    events    = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
  }
  depends_on = [aws_sqs_queue_policy.uploads]
}

resource "aws_lambda_event_source_mapping" "uploads" {
  event_source_arn        = aws_sqs_queue.uploads.arn
  function_name           = aws_lambda_function.function["on_uploads"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    # Messages that nobody could take would be throttled, and count as received.
    maximum_concurrency = try(local.stage.lambda_functions.on_uploads.reserved_concurrency, 10)
  }
}

resource "aws_lambda_event_source_mapping" "jobs" {
  event_source_arn        = aws_sqs_queue.jobs.arn
  function_name           = aws_lambda_function.function["on_job"].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 20 # jobs at once, AWS's limit: see store/jobs.py
  }
}

# Faces whose retention is over are also erased by who asks for their collection: this is for those that nobody asks for.
resource "aws_cloudwatch_event_rule" "clock" {
  name                = "${local.name}-clock"
  description         = "Erases what is over: faces by their retention, jobs after a week"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "clock" {
  rule = aws_cloudwatch_event_rule.clock.name
  arn  = aws_lambda_function.function["on_clock"].arn
}

resource "aws_lambda_permission" "clock" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["on_clock"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.clock.arn
}
