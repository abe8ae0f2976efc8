using System;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;
using Amazon.Lambda.Core;
using Amazon.Lambda.RuntimeSupport.Bootstrap;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>
/// Wraps a handler into a <see cref="LambdaBootstrap"/>. All the real overloads stand here, because a smaller set would
/// let calls compile that are ambiguous with the real package.
/// </summary>
public class LambdaBootstrapBuilder
{
    private readonly LambdaBootstrapHandler handler;
    private readonly ILambdaSerializer serializer;
    private readonly LambdaBootstrapOptions options = new();
    private LambdaBootstrapInitializer initializer;
    private HttpClient httpClient;

    private LambdaBootstrapBuilder(LambdaBootstrapHandler handler, ILambdaSerializer serializer = null)
    {
        this.handler = handler;
        this.serializer = serializer;
    }

    public static LambdaBootstrapBuilder Create(Action<Stream, ILambdaContext, MemoryStream> handler) =>
        new(i =>
        {
            var output = new MemoryStream();
            handler(i.InputStream, i.LambdaContext, output);
            output.Position = 0;
            return Task.FromResult(new InvocationResponse(output));
        });

    public static LambdaBootstrapBuilder Create(Func<Task> handler) =>
        new(async i =>
        {
            await handler();
            return Empty();
        });

    public static LambdaBootstrapBuilder Create(Func<Stream, Task> handler) =>
        new(async i =>
        {
            await handler(i.InputStream);
            return Empty();
        });

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, Task> handler, ILambdaSerializer serializer) =>
        new(async i =>
        {
            await handler(Read<TInput>(i, serializer));
            return Empty();
        }, serializer);

    public static LambdaBootstrapBuilder Create(Func<ILambdaContext, Task> handler) =>
        new(async i =>
        {
            await handler(i.LambdaContext);
            return Empty();
        });

    public static LambdaBootstrapBuilder Create(Func<Stream, ILambdaContext, Task> handler) =>
        new(async i =>
        {
            await handler(i.InputStream, i.LambdaContext);
            return Empty();
        });

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, ILambdaContext, Task> handler, ILambdaSerializer serializer) =>
        new(async i =>
        {
            await handler(Read<TInput>(i, serializer), i.LambdaContext);
            return Empty();
        }, serializer);

    public static LambdaBootstrapBuilder Create(Func<Task<Stream>> handler) =>
        new(async i => new InvocationResponse(await handler()));

    public static LambdaBootstrapBuilder Create(Func<Stream, Task<Stream>> handler) =>
        new(async i => new InvocationResponse(await handler(i.InputStream)));

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, Task<Stream>> handler, ILambdaSerializer serializer) =>
        new(async i => new InvocationResponse(await handler(Read<TInput>(i, serializer))), serializer);

    public static LambdaBootstrapBuilder Create(Func<ILambdaContext, Task<Stream>> handler) =>
        new(async i => new InvocationResponse(await handler(i.LambdaContext)));

    public static LambdaBootstrapBuilder Create(Func<Stream, ILambdaContext, Task<Stream>> handler) =>
        new(async i => new InvocationResponse(await handler(i.InputStream, i.LambdaContext)));

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, ILambdaContext, Task<Stream>> handler, ILambdaSerializer serializer) =>
        new(async i => new InvocationResponse(await handler(Read<TInput>(i, serializer), i.LambdaContext)), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(), serializer), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<Stream, Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(i.InputStream), serializer), serializer);

    public static LambdaBootstrapBuilder Create<TInput, TOutput>(Func<TInput, Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(Read<TInput>(i, serializer)), serializer), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<ILambdaContext, Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(i.LambdaContext), serializer), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<Stream, ILambdaContext, Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(i.InputStream, i.LambdaContext), serializer), serializer);

    public static LambdaBootstrapBuilder Create<TInput, TOutput>(Func<TInput, ILambdaContext, Task<TOutput>> handler, ILambdaSerializer serializer) =>
        new(async i => Write(await handler(Read<TInput>(i, serializer), i.LambdaContext), serializer), serializer);

    public static LambdaBootstrapBuilder Create(Action handler) =>
        new(i =>
        {
            handler();
            return Task.FromResult(Empty());
        });

    public static LambdaBootstrapBuilder Create(Action<Stream> handler) =>
        new(i =>
        {
            handler(i.InputStream);
            return Task.FromResult(Empty());
        });

    public static LambdaBootstrapBuilder Create<TInput>(Action<TInput> handler, ILambdaSerializer serializer) =>
        new(i =>
        {
            handler(Read<TInput>(i, serializer));
            return Task.FromResult(Empty());
        }, serializer);

    public static LambdaBootstrapBuilder Create(Action<ILambdaContext> handler) =>
        new(i =>
        {
            handler(i.LambdaContext);
            return Task.FromResult(Empty());
        });

    public static LambdaBootstrapBuilder Create(Action<Stream, ILambdaContext> handler) =>
        new(i =>
        {
            handler(i.InputStream, i.LambdaContext);
            return Task.FromResult(Empty());
        });

    public static LambdaBootstrapBuilder Create<TInput>(Action<TInput, ILambdaContext> handler, ILambdaSerializer serializer) =>
        new(i =>
        {
            handler(Read<TInput>(i, serializer), i.LambdaContext);
            return Task.FromResult(Empty());
        }, serializer);

    public static LambdaBootstrapBuilder Create(Func<Stream> handler) =>
        new(i => Task.FromResult(new InvocationResponse(handler())));

    public static LambdaBootstrapBuilder Create(Func<Stream, Stream> handler) =>
        new(i => Task.FromResult(new InvocationResponse(handler(i.InputStream))));

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, Stream> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(new InvocationResponse(handler(Read<TInput>(i, serializer)))), serializer);

    public static LambdaBootstrapBuilder Create(Func<ILambdaContext, Stream> handler) =>
        new(i => Task.FromResult(new InvocationResponse(handler(i.LambdaContext))));

    public static LambdaBootstrapBuilder Create(Func<Stream, ILambdaContext, Stream> handler) =>
        new(i => Task.FromResult(new InvocationResponse(handler(i.InputStream, i.LambdaContext))));

    public static LambdaBootstrapBuilder Create<TInput>(Func<TInput, ILambdaContext, Stream> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(new InvocationResponse(handler(Read<TInput>(i, serializer), i.LambdaContext))), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(), serializer)), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<Stream, TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(i.InputStream), serializer)), serializer);

    public static LambdaBootstrapBuilder Create<TInput, TOutput>(Func<TInput, TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(Read<TInput>(i, serializer)), serializer)), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<ILambdaContext, TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(i.LambdaContext), serializer)), serializer);

    public static LambdaBootstrapBuilder Create<TOutput>(Func<Stream, ILambdaContext, TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(i.InputStream, i.LambdaContext), serializer)), serializer);

    public static LambdaBootstrapBuilder Create<TInput, TOutput>(Func<TInput, ILambdaContext, TOutput> handler, ILambdaSerializer serializer) =>
        new(i => Task.FromResult(Write(handler(Read<TInput>(i, serializer), i.LambdaContext), serializer)), serializer);

    /// <summary>Talks to the Runtime API through this client.</summary>
    public LambdaBootstrapBuilder UseHttpClient(HttpClient httpClient)
    {
        this.httpClient = httpClient;
        return this;
    }

    /// <summary>Runs this before the first invocation; what it throws is reported as an initialization error.</summary>
    public LambdaBootstrapBuilder UseBootstrapHandler(LambdaBootstrapInitializer lambdaBootstrapInitializer)
    {
        initializer = lambdaBootstrapInitializer;
        return this;
    }

    public LambdaBootstrapBuilder ConfigureOptions(Action<LambdaBootstrapOptions> options = null)
    {
        options?.Invoke(this.options);
        return this;
    }

    public LambdaBootstrap Build() => new(httpClient, handler, options, initializer, serializer);

    private static T Read<T>(InvocationRequest invocation, ILambdaSerializer serializer) =>
        serializer.Deserialize<T>(invocation.InputStream);

    private static InvocationResponse Write<T>(T response, ILambdaSerializer serializer)
    {
        var output = new MemoryStream();
        serializer.Serialize(response, output);
        output.Position = 0;
        return new InvocationResponse(output);
    }

    private static InvocationResponse Empty() => new(new MemoryStream());
}
