using System.Text.Json;
using Serverless;

namespace Company.Auth._1.Functions;

/// <summary><c>GET /hello</c>: greets a signed-in user.</summary>
internal static class Hello
{
    /// <summary>Answers with the caller's identifier.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request) =>
        Task.FromResult(ApiResponse.Json(200, new Greeting("Hello", request.RequireCaller().Sub), Greeting.Write));
}

/// <summary>What <c>hello</c> and <c>world</c> answer.</summary>
internal sealed record Greeting(string Message, string Sub)
{
    /// <summary>Writes it as <see cref="ApiJson"/> does, without what a serializer prepares before its first document.</summary>
    public static void Write(Utf8JsonWriter json, Greeting greeting)
    {
        json.WriteStartObject();
        json.WriteString("message"u8, greeting.Message);
        json.WriteString("sub"u8, greeting.Sub);
        json.WriteEndObject();
    }
}
