using System.Text;
using Amazon.Lambda.Core;

namespace Serverless.Tests;

/// <summary>A service outside Lambda: <c>bootstrap &lt;function&gt; &lt;event.json&gt;</c>.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task Runs_the_function_that_is_named_with_the_event_of_the_file_in_a_trace_of_its_own()
    {
        var handled = new List<(string Function, string Event, string? Trace)>();
        await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);
        Func<Stream, ILambdaContext, Task> Keep(string name) => async (input, _) =>
        {
            using var reader = new StreamReader(input);
            handled.Add((name, await reader.ReadToEndAsync(), Trace.Current));
        };

        Assert.Equal(0, await new Service().On("one", Keep("one")).On("two", Keep("two")).RunAsync(["two", file]));

        var (function, text, trace) = Assert.Single(handled);
        Assert.Equal(("two", "{}"), (function, text));
        Assert.True(Trace.IsValid(trace));
    }

    [Fact]
    public async Task Reads_a_typed_event_and_writes_a_typed_answer_by_the_serializer()
    {
        var serializer = new TextSerializer();
        var seen = "";
        await File.WriteAllTextAsync(file, "an event", TestContext.Current.CancellationToken);

        await new Service()
            .On<string, string>("other", () => throw new InvalidOperationException("The serializer of a function that does not run."), (_, _) => Task.FromResult(""))
            .On<string, string>("function", () => serializer, (given, _) =>
            {
                seen = given;
                return Task.FromResult("an answer");
            })
            .RunAsync(["function", file]);

        Assert.Equal(("an event", "an answer"), (seen, serializer.Written));
    }

    [Theory]
    [InlineData("unknown", "event.json")]
    [InlineData("function", "no-such-file.json")]
    [InlineData("function")]
    public async Task Ends_with_1_when_there_is_no_such_function_or_file(params string[] arguments) =>
        Assert.Equal(1, await new Service().On("function", (Stream _, ILambdaContext _) => Task.CompletedTask).RunAsync(arguments));

    /// <summary>Takes and gives text as it is.</summary>
    private sealed class TextSerializer : ILambdaSerializer
    {
        public string Written { get; private set; } = "";

        public T Deserialize<T>(Stream requestStream)
        {
            using var reader = new StreamReader(requestStream);
            return (T)(object)reader.ReadToEnd();
        }

        public void Serialize<T>(T response, Stream responseStream)
        {
            Written = $"{response}";
            responseStream.Write(Encoding.UTF8.GetBytes(Written));
        }
    }
}
