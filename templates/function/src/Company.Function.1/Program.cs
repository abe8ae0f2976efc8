#if (schedule)
using Amazon.Lambda.CloudWatchEvents.ScheduledEvents;
#endif
#if (dynamodb)
using Amazon.Lambda.DynamoDBEvents;
#endif
#if (s3)
using Amazon.Lambda.S3Events;
#endif
#if (sns)
using Amazon.Lambda.SNSEvents;
#endif
#if (sqs)
using Amazon.Lambda.SQSEvents;
#endif
#if (events)
using Amazon.Lambda.Serialization.SystemTextJson;
#endif
#if (s3)
using Amazon.S3;
#endif
#if (http)
using Company.Function._1;
#endif
#if (events)
using Company.Function._1.Functions;
#endif
using Company.Function._1.TradeItems;
using Serverless;

// Each is made when the function that runs here first needs it.
#if (ownsTable)
var tradeItems = new Lazy<TradeItemsTable>(() => TradeItemsTable.Open(Environment.GetEnvironmentVariable));
#endif
#if (dynamodb)
var history = new Lazy<TradeItemHistory>(() => TradeItemHistory.Open(Environment.GetEnvironmentVariable));
#endif
#if (s3)
var s3 = new Lazy<IAmazonS3>(() => Uploads.Connect(Environment.GetEnvironmentVariable));
#endif

return await new Service()
#if (http)
    .On(Api.Routes(tradeItems))
#endif
#if (schedule)
    .On<ScheduledEvent>("expireTradeItems", () => new SourceGeneratorLambdaJsonSerializer<ScheduleJson>(), (due, context) => ExpireTradeItems.Handle(due, context, tradeItems.Value))
#endif
#if (sqs)
    .On<SQSEvent, SQSBatchResponse>("onMessage", () => new SourceGeneratorLambdaJsonSerializer<MessageJson>(), (batch, context) => OnMessage.Handle(batch, context, tradeItems.Value))
#endif
#if (sns)
    .On<SNSEvent>("onNotification", () => new SourceGeneratorLambdaJsonSerializer<NotificationJson>(), (notifications, context) => OnNotification.Handle(notifications, context, tradeItems.Value))
#endif
#if (s3)
    .On<S3Event>("onUpload", () => new SourceGeneratorLambdaJsonSerializer<UploadJson>(), (uploads, context) => OnUpload.Handle(uploads, context, tradeItems.Value, s3.Value))
#endif
#if (dynamodb)
    .On<DynamoDBEvent, StreamsEventResponse>("onChange", () => new SourceGeneratorLambdaJsonSerializer<ChangeJson>(), (changes, context) => OnChange.Handle(changes, context, history.Value))
#endif
#if (eventbridge)
    .On<TradeItemPlaced>("onTradeItemPlaced", () => new SourceGeneratorLambdaJsonSerializer<TradeItemPlacedJson>(), (placed, context) => OnTradeItemPlaced.Handle(placed, context, tradeItems.Value))
#endif
    .BeforeFirstEvent(SystemCertificates.ReadAsync)
#if (ownsTable)
    .BeforeFirstEvent(() => DynamoDb.ConnectAsync("TRADE_ITEMS_TABLE", () => tradeItems.Value.Client))
#endif
#if (dynamodb)
    .BeforeFirstEvent(() => DynamoDb.ConnectAsync("HISTORY_TABLE", () => history.Value.Client))
#endif
    .RunAsync(args);
