using Serverless;

namespace sls_function.Orders;

internal sealed partial class OrdersTable
{
    /// <summary>Whether the table answers.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FindAsync("ready", cancellationToken);
            return true;
        }
        catch (DependencyException)
        {
            return false;
        }
    }
}
