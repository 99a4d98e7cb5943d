using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Mefapex.Api.Data;

internal static class SnakeCaseNames
{
    /// <summary>
    /// Names columns, keys and indexes as people write them in SQL (<c>created_at</c>, <c>pk_users</c>,
    /// <c>ix_users_username</c>), except where a configuration names them itself. Goes last in OnModelCreating.
    /// </summary>
    public static void UseSnakeCaseNames(this ModelBuilder modelBuilder)
    {
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties().Where(p => !Named(p, RelationalAnnotationNames.ColumnName)))
                property.SetColumnName(Snake(property.Name));

            var table = entity.GetTableName();
            foreach (var key in entity.GetKeys().Where(k => !Named(k, RelationalAnnotationNames.Name)))
                key.SetName(key.IsPrimaryKey() ? $"pk_{table}" : $"ak_{table}_{Columns(key.Properties)}");
            foreach (var key in entity.GetForeignKeys().Where(k => !Named(k, RelationalAnnotationNames.Name)))
                key.SetConstraintName($"fk_{table}_{Columns(key.Properties)}");
            foreach (var index in entity.GetIndexes().Where(i => !Named(i, RelationalAnnotationNames.Name)))
                index.SetDatabaseName($"ix_{table}_{Columns(index.Properties)}");
        }
    }

    private static bool Named(IReadOnlyAnnotatable item, string annotation) => item.FindAnnotation(annotation) is not null;

    private static string Columns(IEnumerable<IReadOnlyProperty> properties) =>
        string.Join('_', properties.Select(p => p.GetColumnName()));

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
