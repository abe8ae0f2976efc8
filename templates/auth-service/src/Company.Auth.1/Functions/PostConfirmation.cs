using System.Text.Json.Serialization;
using Amazon.Lambda.CognitoEvents;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;
using Company.Auth._1.Users;
using Serverless;

namespace Company.Auth._1.Functions;

/// <summary>
/// Makes a user's row once they have confirmed their sign-up: a post-confirmation trigger of the user pool.
/// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
/// </summary>
/// <remarks>
/// The pool waits five seconds and tries three times, so the row is written under the condition that it is not there. If all
/// three fail the user is confirmed without a row; their first request makes it.
/// </remarks>
internal static class PostConfirmation
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    private static readonly SourceGeneratorLambdaJsonSerializer<PostConfirmationJson> Serializer = new();

    /// <summary>
    /// Answers with the event as it came, byte for byte: that is how the pool learns that it may go on. The type is only read, because
    /// what it does not know would be missing from the answer.
    /// </summary>
    public static async Task<Stream> Handle(Stream input, ILambdaContext context, UsersTable users)
    {
        var output = new MemoryStream();
        await input.CopyToAsync(output);
        var confirmation = Serializer.Deserialize<CognitoPostConfirmationEvent?>(output);
        output.Position = 0;

        switch (confirmation?.TriggerSource)
        {
            case "PostConfirmation_ConfirmSignUp":
                var attributes = confirmation.Request?.UserAttributes ?? [];
                if (attributes.GetValueOrDefault("sub") is not { Length: > 0 } sub)
                    throw new InvalidDataException("The event's request.userAttributes names no sub; expected the user's.");
                await CreateAsync(sub, attributes.GetValueOrDefault("email"), context, users);
                break;

            case "PostConfirmation_ConfirmForgotPassword":
                // A new password for a user who has their row.
                break;

            default:
                context.Logger.LogWarning(
                    "Ignored: the trigger source is \"{TriggerSource}\"; expected one of PostConfirmation_*", confirmation?.TriggerSource ?? "");
                break;
        }

        return output;
    }

    private static async Task CreateAsync(string sub, string? email, ILambdaContext context, UsersTable users)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var created = await users.CreateUserAsync(sub, email, limit.Token);
            context.Logger.LogInformation("The row of the user {Subject} {Outcome}", sub, created ? "is made" : "was there");
        }
        catch (Exception exception) when (exception is DependencyException or OperationCanceledException)
        {
            context.Logger.LogError(exception, "The row of the user {Subject} could not be made; their first request makes it", sub);
            throw;
        }
    }
}

/// <summary>The trigger's event, without reflection.</summary>
[JsonSerializable(typeof(CognitoPostConfirmationEvent))]
internal sealed partial class PostConfirmationJson : JsonSerializerContext;
