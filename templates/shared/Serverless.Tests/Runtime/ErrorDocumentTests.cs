using System.Text.Json.Nodes;
using Serverless.Runtime;

namespace Serverless.Tests.Runtime;

/// <summary>What a failed invocation is answered with. The expected documents are those of Amazon.Lambda.RuntimeSupport 2.1.2.</summary>
public sealed class ErrorDocumentTests
{
    [Fact]
    public void Names_the_type_the_message_and_where()
    {
        var document = ErrorDocument.Of(Thrown(new InvalidDataException("The event \"is\" wrong: äö\nsecond line")));

        Assert.StartsWith("{\n  \"errorType\": \"InvalidDataException\",\n  \"errorMessage\": \"The event \\\"is\\\" wrong: äö\\nsecond line\",\n  \"stackTrace\": [\n    \"at ", document, StringComparison.Ordinal);
        Assert.EndsWith("}\n", document, StringComparison.Ordinal);
    }

    [Fact]
    public void Tells_the_causes()
    {
        var document = JsonNode.Parse(ErrorDocument.Of(new AggregateException("many", new ArgumentException("one", new TimeoutException("deeper")), new IOException("two"))))!;

        Assert.Equal("many (one) (two)", (string?)document["errorMessage"]);
        Assert.Null(document["stackTrace"]);
        Assert.Equal(("ArgumentException", "one"), ((string?)document["cause"]!["errorType"], (string?)document["cause"]!["errorMessage"]));
        Assert.Equal("TimeoutException", (string?)document["cause"]!["cause"]!["errorType"]);
        Assert.Equal(["ArgumentException", "IOException"], document["causes"]!.AsArray().Select(cause => (string?)cause!["errorType"]));
    }

    [Fact]
    public void Says_so_when_there_is_too_much_to_tell() =>
        Assert.Equal("Exception exceeded maximum payload size of 256KB.", (string?)JsonNode.Parse(ErrorDocument.Of(new IOException(new string('x', 257 * 1024))))!["errorMessage"]);

    [Fact]
    public void Tells_X_Ray_in_one_line_where_it_was_thrown()
    {
        var text = ErrorDocument.XRayCause(Thrown(new InvalidDataException("The event is wrong:\nsecond line")));
        var cause = JsonNode.Parse(text)!;

        Assert.DoesNotContain('\n', text);
        Assert.Equal(Directory.GetCurrentDirectory(), (string?)cause["working_directory"]);
        var exception = Assert.Single(cause["exceptions"]!.AsArray())!;
        Assert.Equal(("InvalidDataException", "The event is wrong:\nsecond line"), ((string?)exception["type"], (string?)exception["message"]));
        Assert.Equal($"{nameof(ErrorDocumentTests)}.{nameof(Thrown)}", (string?)exception["stack"]![0]!["label"]);
    }

    private static InvalidDataException Thrown(InvalidDataException exception)
    {
        try
        {
            throw exception;
        }
        catch (InvalidDataException caught)
        {
            return caught;
        }
    }
}
