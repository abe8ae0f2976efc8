using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amazon.Lambda.Core;
using Serverless.Runtime;

namespace Serverless;

/// <summary>
/// A service: one binary that holds several functions and runs the one that Lambda asks for. On Lambda <c>_HANDLER</c> names
/// it (the <c>handler:</c> of serverless.yml), or <c>SERVICE_FUNCTION</c> on the managed runtime, where <c>handler:</c> has to
/// name the assembly. Elsewhere the command line does: <c>bootstrap &lt;function&gt; &lt;event.json&gt;</c> runs it once.
/// </summary>
public sealed class Service
{
    private static readonly Stream Nothing = Stream.Null;

    private readonly Dictionary<string, Func<Stream, ILambdaContext, Task<Stream>>> functions = new(StringComparer.Ordinal);
    private readonly List<(Func<string, bool> IsOf, Func<Task> Prepare)> preparations = [];

    /// <summary>Whether the process is one that Lambda starts, and not a test or the local run.</summary>
    public static bool StartsOnLambda => Environment.GetEnvironmentVariable("AWS_LAMBDA_INITIALIZATION_TYPE") is not null;

    /// <summary>Adds a function that reads its event as bytes and answers nothing.</summary>
    public Service On(string name, Func<Stream, ILambdaContext, Task> handler) =>
        On(name, async (input, context) =>
        {
            await handler(input, context);
            return Nothing;
        });

    /// <summary>Adds a function that takes a typed event of <c>Amazon.Lambda.*Events</c> and gives a typed answer.</summary>
    /// <param name="name">The function's name, as in serverless.yml.</param>
    /// <param name="serializer">Creates what reads the event and writes the answer: once, when this function gets its first event.</param>
    /// <param name="handler">Handles an event.</param>
    public Service On<TEvent, TAnswer>(string name, Func<ILambdaSerializer> serializer, Func<TEvent, ILambdaContext, Task<TAnswer>> handler)
    {
        var json = new Lazy<ILambdaSerializer>(serializer);
        return On(name, async (input, context) =>
        {
            var output = new MemoryStream();
            json.Value.Serialize(await handler(Read<TEvent>(json.Value, input), context), output);
            output.Position = 0;
            return (Stream)output;
        });
    }

    /// <summary>Adds a function that takes a typed event of <c>Amazon.Lambda.*Events</c> and answers nothing.</summary>
    /// <param name="name">The function's name, as in serverless.yml.</param>
    /// <param name="serializer">Creates what reads the event: once, when this function gets its first event.</param>
    /// <param name="handler">Handles an event.</param>
    public Service On<TEvent>(string name, Func<ILambdaSerializer> serializer, Func<TEvent, ILambdaContext, Task> handler)
    {
        var json = new Lazy<ILambdaSerializer>(serializer);
        return On(name, (input, context) => handler(Read<TEvent>(json.Value, input), context));
    }

    /// <summary>Adds a function from one JSON document to another.</summary>
    /// <param name="name">The function's name, as in serverless.yml.</param>
    /// <param name="handler">Handles an event.</param>
    /// <param name="inputType">Gives what reads the event: when this function gets one, and not at the start of the others.</param>
    /// <param name="outputType">Gives what writes the answer, likewise.</param>
    public Service On<TInput, TOutput>(
        string name,
        Func<TInput, ILambdaContext, Task<TOutput>> handler,
        Func<JsonTypeInfo<TInput>> inputType,
        Func<JsonTypeInfo<TOutput>> outputType) =>
        On(name, async (input, context) =>
        {
            var request = JsonSerializer.Deserialize(input, inputType())
                ?? throw new JsonException($"The event is null; a {typeof(TInput).Name} is expected.");
            var response = await handler(request, context);
            var answer = JsonSerializer.SerializeToUtf8Bytes(response, outputType());
            return new MemoryStream(answer, 0, answer.Length, writable: false, publiclyVisible: true);
        });

    /// <summary>Adds a function from bytes to bytes.</summary>
    public Service On(string name, Func<Stream, ILambdaContext, Task<Stream>> handler)
    {
        functions.Add(name, (input, context) =>
        {
            Trace.Current = context.TraceId;
            return handler(input, context);
        });
        return this;
    }

    /// <summary>
    /// Does this while the function starts, before its first event: Lambda gives a start more processor than an event. What it throws
    /// is reported as the reason why the function cannot start.
    /// </summary>
    public Service BeforeFirstEventOf(string name, Func<Task> prepare)
    {
        preparations.Add((function => function == name, prepare));
        return this;
    }

    /// <summary>As <see cref="BeforeFirstEventOf"/>, for every function but those named, beside what each does for itself.</summary>
    public Service BeforeFirstEvent(Func<Task> prepare, params string[] exceptOf)
    {
        preparations.Add((function => !exceptOf.Contains(function), prepare));
        return this;
    }

    /// <summary>Serves the function that was asked for until Lambda ends the process.</summary>
    /// <returns>The exit code: 0, or 1 with one sentence on standard error.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API")))
            return await RunOnceAsync(args);

        var name = Environment.GetEnvironmentVariable("SERVICE_FUNCTION") ?? Environment.GetEnvironmentVariable("_HANDLER") ?? "";
        if (!functions.TryGetValue(name, out var function))
            return await RefuseAsync($"The handler is \"{name}\"; expected one of: {Names}.");

        await LambdaRuntime.ServeAsync(function, () => PrepareAsync(name));
        return 0;
    }

    /// <summary>The bytes of a stream from its position on, without a copy if they are in memory.</summary>
    internal static async ValueTask<ReadOnlyMemory<byte>> BytesOfAsync(Stream stream)
    {
        if (stream is MemoryStream memory && memory.TryGetBuffer(out var bytes))
            return bytes.AsMemory((int)memory.Position);
        var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.GetBuffer().AsMemory(0, (int)copy.Length);
    }

    private static TEvent Read<TEvent>(ILambdaSerializer serializer, Stream input) =>
        serializer.Deserialize<TEvent>(input) ?? throw new InvalidDataException($"The event is null. Expected the JSON of {typeof(TEvent).Name}.");

    private Task PrepareAsync(string name)
    {
        // Not with LINQ: its chain of generic virtual methods is resolved at run time, which takes 2 % of a start.
        var begun = new List<Task>();
        foreach (var (isOf, prepare) in preparations)
        {
            if (isOf(name))
                begun.Add(prepare());
        }

        return Task.WhenAll(begun);
    }

    private string Names => string.Join(", ", functions.Keys);

    private async Task<int> RunOnceAsync(string[] args)
    {
        if (args.Length != 2 || !functions.TryGetValue(args[0], out var function))
            return await RefuseAsync($"Given: \"{string.Join(' ', args)}\"; expected: <function> <event.json>, the function being one of: {Names}.");
        if (!File.Exists(args[1]))
            return await RefuseAsync($"Given: \"{args[1]}\"; expected: the path of a file that holds the event.");

        await using var input = File.OpenRead(args[1]);
        await using var output = await function(input, new LocalContext(args[0]));
        await output.CopyToAsync(Console.OpenStandardOutput());
        return 0;
    }

    private static async Task<int> RefuseAsync(string sentence)
    {
        await Console.Error.WriteLineAsync(sentence);
        return 1;
    }
}
