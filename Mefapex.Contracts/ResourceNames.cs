namespace Mefapex.Contracts;

/// <summary>
/// Names of the resources of the topology. The AppHost declares them, service discovery and connection strings look
/// them up: <c>services:{name}:http:0..n</c> and <c>ConnectionStrings:{name}</c>.
/// </summary>
public static class ResourceNames
{
    /// <summary>The web UI.</summary>
    public const string Web = "web";

    /// <summary>The main application: accounts, chat, knowledge.</summary>
    public const string Api = "api";

    /// <summary>The AI service: embedding, language detection, generation.</summary>
    public const string Ai = "ai";

    /// <summary>The PostgreSQL server.</summary>
    public const string Postgres = "postgres";

    /// <summary>The database on the PostgreSQL server, and its connection string.</summary>
    public const string Database = "mefapexdb";

    /// <summary>The Redis server, and its connection string.</summary>
    public const string Redis = "redis";

    /// <summary>The Qdrant server, and its connection string.</summary>
    public const string Qdrant = "qdrant";

    /// <summary>The Kafka brokers, and their connection string.</summary>
    public const string Kafka = "kafka";

    /// <summary>The Aspire dashboard.</summary>
    public const string Dashboard = "dashboard";
}
