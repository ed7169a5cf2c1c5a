# Lookalike on AWS. `make package` makes what is put there; docs/deploy.md tells what it costs and how it scales.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = { Application = "lookalike", Stage = var.stage }
  }
}

variable "region" {
  description = "Where everything is made."
  type        = string
  default     = "us-east-1"
}

variable "stage" {
  description = "A stage of .chalice/config.json: its memory, timeouts and concurrency."
  type        = string
  default     = "dev"
}

variable "target" {
  description = "Which of the packages in dist/lambda is deployed: Python and architecture."
  type        = string
  default     = "3.13-x86_64"
  validation {
    condition     = can(regex("^3\\.1[23]-(x86_64|arm64)$", var.target))
    error_message = "A target is 3.12 or 3.13, then x86_64 or arm64, as in 3.13-arm64."
  }
}

variable "dist" {
  description = "The folder of the packages."
  type        = string
  default     = "../../dist/lambda"
}

variable "auth" {
  description = "required: requests are signed with a key of `lookalike keys`. none: whoever reaches the API may call it."
  type        = string
  default     = "required"
  validation {
    condition     = var.auth == "required" || length(var.vpc_endpoints) > 0
    error_message = "An API that everybody reaches needs auth = \"required\". Name vpc_endpoints to make it private."
  }
}

variable "vpc_endpoints" {
  description = "Ids of execute-api VPC endpoints: where there are some, the API is private and answers through them only."
  type        = list(string)
  default     = []
}

variable "function_url" {
  description = "Whether the API also has a function URL, which has no 29 s limit. Needs auth = \"required\"."
  type        = bool
  default     = false
  validation {
    condition     = !var.function_url || var.auth == "required"
    error_message = "A function URL is open to the world: it needs auth = \"required\"."
  }
}

variable "image_buckets" {
  description = "Buckets, besides the one of uploads, whose images and videos requests may name."
  type        = list(string)
  default     = []
}

variable "alarm_email" {
  description = "Who is told of alarms; nobody where it is empty."
  type        = string
  default     = ""
}

variable "keep_data" {
  description = "Whether destroying refuses to delete tables, and buckets that are not empty."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  name    = "lookalike-${var.stage}"
  stage   = jsondecode(file("${path.module}/../../.chalice/config.json")).stages[var.stage]
  parts   = { for part in ["function", "models", "video"] : part => "${var.dist}/${var.target}/${part}.zip" }
}

output "endpoint" {
  description = "What clients set as AWS_ENDPOINT_URL_REKOGNITION."
  value       = aws_api_gateway_stage.api.invoke_url
}

output "function_url" {
  value = one(aws_lambda_function_url.api[*].function_url)
}

output "environment" {
  description = "For `lookalike keys`, which writes to the same tables."
  value = {
    LOOKALIKE_TABLE_PREFIX = local.name
    LOOKALIKE_KMS_KEY      = aws_kms_key.data.arn
  }
}

output "uploads" {
  description = "The bucket whose objects are indexed and analysed."
  value       = aws_s3_bucket.uploads.bucket
}
