using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Amazon.Lambda.Core;

namespace Amazon.Lambda.RuntimeSupport.RuntimeApi;

/// <summary>Reads the two headers that the AWS Mobile SDK fills. Without one, what they describe is empty, not null.</summary>
internal static class CallerHeaders
{
    public static IClientContext ClientContext(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return new MobileClientContext(null, null, null);
        }

        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var client = root.TryGetProperty("client", out var application)
            ? new MobileApplication(
                Text(application, "app_package_name"),
                Text(application, "app_title"),
                Text(application, "app_version_code"),
                Text(application, "app_version_name"),
                Text(application, "installation_id"))
            : null;
        return new MobileClientContext(Texts(root, "env"), client, Texts(root, "custom"));
    }

    public static ICognitoIdentity CognitoIdentity(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return new Identity(null, null);
        }

        using var document = JsonDocument.Parse(json);
        return new Identity(
            Text(document.RootElement, "cognitoIdentityId"),
            Text(document.RootElement, "cognitoIdentityPoolId"));
    }

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static Dictionary<string, string> Texts(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value)
            ? value.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.ToString())
            : null;

    private sealed record Identity(string IdentityId, string IdentityPoolId) : ICognitoIdentity;

    private sealed record MobileClientContext(
        IDictionary<string, string> Environment, IClientApplication Client, IDictionary<string, string> Custom) : IClientContext;

    private sealed record MobileApplication(
        string AppPackageName, string AppTitle, string AppVersionCode, string AppVersionName, string InstallationId)
        : IClientApplication;
}
