using Serverless;

namespace Company.Function._1.TradeItems;

internal sealed partial class TradeItemsTable
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
