"""AWS event names that everyday work writes into CloudTrail, by service: those that read, and those that change."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

READS: Final = MappingProxyType(
    {
        "ec2": (
            "DescribeInstances DescribeVolumes DescribeSnapshots DescribeImages DescribeSecurityGroups DescribeSubnets "
            "DescribeVpcs "
            "DescribeRouteTables DescribeAddresses DescribeKeyPairs DescribeRegions DescribeInstanceStatus "
            "DescribeNetworkInterfaces DescribeTags DescribeAvailabilityZones DescribeFlowLogs GetConsoleOutput"
        ),
        "s3": (
            "ListBuckets GetBucketLocation GetBucketAcl GetBucketPolicy GetBucketVersioning GetBucketLogging "
            "GetBucketEncryption GetBucketTagging GetBucketPublicAccessBlock GetBucketLifecycle"
        ),
        "iam": (
            "ListUsers ListRoles ListGroups ListPolicies GetUser GetRole GetPolicy ListAccessKeys "
            "ListAttachedUserPolicies ListAttachedRolePolicies ListGroupsForUser GetAccountSummary "
            "ListMFADevices GetAccountPasswordPolicy GetAccountAuthorizationDetails"
        ),
        "sts": "GetCallerIdentity",
        "rds": "DescribeDBInstances DescribeDBSnapshots DescribeDBClusters ListTagsForResource DescribeDBSubnetGroups",
        "lambda": "ListFunctions20150331 GetFunction20150331v2 GetPolicy20150331v2 ListTags20170331",
        "cloudtrail": "DescribeTrails GetTrailStatus LookupEvents GetEventSelectors ListTrails",
        "cloudwatch": "DescribeAlarms GetMetricData ListMetrics GetDashboard",
        "logs": "DescribeLogGroups DescribeLogStreams FilterLogEvents StartQuery GetQueryResults",
        "kms": "ListKeys DescribeKey ListAliases Decrypt GenerateDataKey GetKeyPolicy",
        "secretsmanager": "ListSecrets DescribeSecret GetSecretValue",
        "ssm": "DescribeParameters GetParameter GetParameters DescribeInstanceInformation ListCommands",
        "dynamodb": "ListTables DescribeTable DescribeTimeToLive DescribeContinuousBackups",
        "ecs": "ListClusters DescribeServices DescribeTasks DescribeTaskDefinition ListTasks",
        "eks": "ListClusters DescribeCluster ListNodegroups DescribeNodegroup",
        "ecr": "DescribeRepositories GetAuthorizationToken BatchGetImage DescribeImages ListImages",
        "elasticloadbalancing": "DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners",
        "autoscaling": "DescribeAutoScalingGroups DescribeLaunchConfigurations DescribeScalingActivities",
        "route53": "ListHostedZones ListResourceRecordSets GetHostedZone",
        "cloudformation": "DescribeStacks ListStacks GetTemplate DescribeStackEvents",
        "organizations": "DescribeOrganization ListAccounts",
        "guardduty": "ListDetectors GetDetector ListFindings GetFindings",
        "config": "DescribeConfigurationRecorders DescribeConfigRules GetComplianceDetailsByConfigRule",
        "sns": "ListTopics GetTopicAttributes ListSubscriptions",
        "sqs": "ListQueues GetQueueAttributes",
    }
)
WRITES: Final = MappingProxyType(
    {
        "ec2": (
            "RunInstances StartInstances StopInstances TerminateInstances CreateTags CreateVolume AttachVolume "
            "CreateSnapshot DeleteSnapshot AuthorizeSecurityGroupIngress "
            "RevokeSecurityGroupIngress CreateSecurityGroup "
            "CreateNetworkInterface DeleteNetworkInterface"
        ),
        "s3": "CreateBucket PutBucketTagging PutBucketPolicy PutBucketLifecycle PutObject DeleteObject",
        "iam": "CreateRole PutRolePolicy AttachRolePolicy CreatePolicy TagRole CreateInstanceProfile PassRole",
        "lambda": "UpdateFunctionCode20150331v2 CreateFunction20150331 PublishVersion20150331 AddPermission20150331v2",
        "logs": "CreateLogGroup CreateLogStream PutRetentionPolicy",
        "cloudwatch": "PutMetricAlarm DeleteAlarms",
        "ssm": "PutParameter SendCommand StartSession",
        "ecs": "UpdateService RegisterTaskDefinition RunTask",
        "ecr": "PutImage InitiateLayerUpload CompleteLayerUpload",
        "cloudformation": "CreateChangeSet ExecuteChangeSet UpdateStack",
        "elasticloadbalancing": "RegisterTargets DeregisterTargets ModifyTargetGroup",
        "autoscaling": "UpdateAutoScalingGroup SetDesiredCapacity",
        "route53": "ChangeResourceRecordSets",
        "sns": "CreateTopic Subscribe",
        "sqs": "CreateQueue SetQueueAttributes",
        "rds": "CreateDBSnapshot ModifyDBInstance",
    }
)


def _pairs(table: MappingProxyType[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((service, name) for service, names in table.items() for name in names.split())


READ_CALLS: Final = _pairs(READS)
"""Service and event name of calls that read."""
WRITE_CALLS: Final = _pairs(WRITES)
"""Service and event name of calls that change something."""
