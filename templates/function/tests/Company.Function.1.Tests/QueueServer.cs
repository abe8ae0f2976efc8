using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Company.Function._1.Tests;

/// <summary>
/// An SQS queue on loopback, as far as a worker sees it: messages are handed out, hidden for the visibility timeout, and handed out again
/// unless they are deleted. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
/// </summary>
public sealed class QueueServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Sent> messages = new();
    private Loopback loopback = null!;
    private int waiting;

    private QueueServer()
    {
    }

    /// <summary>For how long a message is hidden that was handed out.</summary>
    public TimeSpan VisibilityTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>The ids of the messages that are still there.</summary>
    public IEnumerable<string> Left => messages.Keys.Order();

    /// <summary>Whether it answers 500 to whoever asks for messages.</summary>
    public bool IsDown { get; set; }

    /// <summary>The id of a message that it does not delete.</summary>
    public string? Undeletable { get; set; }

    /// <summary>How many requests wait for messages.</summary>
    public int Waiting => waiting;

    /// <summary>The settings under which a worker uses it.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["TRADE_ITEMS_QUEUE_URL"] = $"{loopback.Address}123456789012/trade-items",
        ["AWS_ENDPOINT_URL_SQS"] = loopback.Address.ToString(),
    };

    public static async Task<QueueServer> StartAsync()
    {
        var queue = new QueueServer();
        queue.loopback = await Loopback.StartAsync(queue.HandleAsync);
        return queue;
    }

    /// <summary>Sends a message.</summary>
    public void Send(string id, string body, string? trace = null) => messages[id] = new Sent(body, trace);

    /// <summary>How often a message was handed out.</summary>
    public int ReceivesOf(string id) => messages[id].Receives;

    public ValueTask DisposeAsync() => loopback.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        var request = JsonNode.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync(http.RequestAborted))!;
        Assert.Equal(Settings["TRADE_ITEMS_QUEUE_URL"], (string)request["QueueUrl"]!);
        http.Response.ContentType = "application/x-amz-json-1.0";
        JsonNode answer;
        switch (http.Request.Headers["X-Amz-Target"].ToString())
        {
            case "AmazonSQS.ReceiveMessage" when IsDown:
                http.Response.StatusCode = 500;
                answer = new JsonObject { ["__type"] = "com.amazonaws.sqs#InternalError" };
                break;
            case "AmazonSQS.ReceiveMessage":
                answer = await ReceiveAsync(request, http.RequestAborted);
                break;
            case "AmazonSQS.DeleteMessageBatch":
                answer = Delete(request["Entries"]!.AsArray());
                break;
            case var other:
                throw new InvalidOperationException($"The worker asks for {other}.");
        }
        await http.Response.WriteAsync(answer.ToJsonString(), http.RequestAborted);
    }

    private async Task<JsonNode> ReceiveAsync(JsonNode request, CancellationToken cancelled)
    {
        Assert.Equal("""["All"]""", request["MessageSystemAttributeNames"]!.ToJsonString());
        Assert.Equal("""["All"]""", request["MessageAttributeNames"]!.ToJsonString());
        var until = DateTimeOffset.UtcNow.AddSeconds((int)request["WaitTimeSeconds"]!);
        Interlocked.Increment(ref waiting);
        try
        {
            while (true)
            {
                var handedOut = HandOut((int)request["MaxNumberOfMessages"]!);
                if (handedOut.Count > 0 || DateTimeOffset.UtcNow >= until)
                    return new JsonObject { ["Messages"] = handedOut };
                await Task.Delay(20, cancelled);
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    private JsonArray HandOut(int most)
    {
        lock (messages)
            return new JsonArray([.. messages.Where(message => message.Value.HiddenUntil <= DateTimeOffset.UtcNow).Take(most).Select(message => message.Value.HandOut(message.Key, VisibilityTimeout))]);
    }

    private JsonObject Delete(JsonArray entries)
    {
        var (deleted, failed) = (new JsonArray(), new JsonArray());
        foreach (var entry in entries)
        {
            var (entryId, messageId) = ((string)entry!["Id"]!, ((string)entry["ReceiptHandle"]!).Split('#')[0]);
            if (messageId == Undeletable)
                failed.Add(new JsonObject { ["Id"] = entryId, ["Code"] = "InternalError", ["SenderFault"] = false });
            else if (messages.TryRemove(messageId, out _))
                deleted.Add(new JsonObject { ["Id"] = entryId });
        }
        return new JsonObject { ["Successful"] = deleted, ["Failed"] = failed };
    }

    private sealed class Sent(string body, string? trace)
    {
        public int Receives { get; private set; }

        public DateTimeOffset HiddenUntil { get; private set; }

        public JsonObject HandOut(string id, TimeSpan visibilityTimeout)
        {
            Receives++;
            HiddenUntil = DateTimeOffset.UtcNow + visibilityTimeout;
            var attributes = new JsonObject { ["ApproximateReceiveCount"] = $"{Receives}" };
            if (trace is not null)
                attributes["AWSTraceHeader"] = trace;
            return new JsonObject
            {
                ["MessageId"] = id,
                ["ReceiptHandle"] = $"{id}#{Receives}",
                ["Body"] = body,
#pragma warning disable CA5351 // A checksum of SQS, which the client compares with the body.
                ["MD5OfBody"] = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(body))),
#pragma warning restore CA5351
                ["Attributes"] = attributes,
                ["MessageAttributes"] = new JsonObject { ["origin"] = new JsonObject { ["DataType"] = "String", ["StringValue"] = "shop" } },
            };
        }
    }
}
