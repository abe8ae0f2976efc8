using Microsoft.AspNetCore.Builder;

namespace sls_function.Tests;

using Host;

/// <summary>A test of the service on Kestrel, in the process of the tests.</summary>
public abstract class HostTest : IAsyncLifetime
{
    private WebApplication? app;
    private TestIssuer issuer = null!;

    /// <summary>Calls the service, as whoever is signed in.</summary>
    protected HttpClient Http { get; } = new();

    /// <summary>The addresses of the service that was started.</summary>
    protected IEnumerable<string> Urls => app!.Urls;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => issuer = await TestIssuer.StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        if (app is not null)
            await app.DisposeAsync();
        await issuer.DisposeAsync();
    }

    /// <summary>Starts the service.</summary>
    protected async Task StartAsync(Dictionary<string, string?>? settings = null)
    {
        app = HostedService.Build(Arguments(settings));
        await app.StartAsync(Cancel);
    }

    /// <summary>The command line of the service. The table does not answer, unless the settings name one that does.</summary>
    protected string[] Arguments(Dictionary<string, string?>? settings) =>
    [
        $"--contentRoot={AppContext.BaseDirectory}",
        "--urls=http://127.0.0.1:0",
        $"--TOKEN_ISSUERS={issuer.Name}",
        "--TOKEN_CLIENTS=client",
        "--ORDERS_TABLE=orders",
        "--AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:9",
        .. (settings ?? []).Select(setting => $"--{setting.Key}={setting.Value}"),
    ];

    /// <summary>Signs a user in, if the service asks for one.</summary>
    protected void SignIn(string? sub = null)
    {
        SignInWith(issuer.Token(token => token["sub"] = sub ?? (string)token["sub"]!));
    }

    protected void SignInWith(string token) => Http.DefaultRequestHeaders.Authorization = new("Bearer", token);

    protected Uri Url(string path) => new(new Uri(Urls.First()), path);
}
