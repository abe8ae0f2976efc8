using Amazon.Lambda.Core;

namespace Serverless;

/// <summary>Adds functions that take the typed events of <c>Amazon.Lambda.*Events</c>.</summary>
public static class EventService
{
    /// <summary>Adds a function from an event to an answer.</summary>
    /// <param name="service">The service.</param>
    /// <param name="name">The function's name, as in serverless.yml.</param>
    /// <param name="serializer">Knows the event and the answer.</param>
    /// <param name="handler">Handles an event.</param>
    public static Service On<TEvent, TAnswer>(this Service service, string name, ILambdaSerializer serializer, Func<TEvent, ILambdaContext, Task<TAnswer>> handler)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.On(name, async (input, context) =>
        {
            var output = new MemoryStream();
            serializer.Serialize(await handler(serializer.Deserialize<TEvent>(input), context), output);
            output.Position = 0;
            return (Stream)output;
        });
    }

    /// <summary>Adds a function that takes an event and answers nothing.</summary>
    /// <param name="service">The service.</param>
    /// <param name="name">The function's name, as in serverless.yml.</param>
    /// <param name="serializer">Knows the event.</param>
    /// <param name="handler">Handles an event.</param>
    public static Service On<TEvent>(this Service service, string name, ILambdaSerializer serializer, Func<TEvent, ILambdaContext, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.On(name, (input, context) => handler(serializer.Deserialize<TEvent>(input), context));
    }
}
